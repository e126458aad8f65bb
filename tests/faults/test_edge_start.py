"""An edge that is asked before it has been told of any key."""

import pytest
from botocore.exceptions import ClientError

from tests.support.stage import ENDPOINT, stage


def test_before_the_first_table_clients_are_to_try_again_not_told_that_their_key_is_wrong() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.start_edge()
        for service, call in (
            ("sagemaker", lambda client: client.list_models()),
            ("s3", lambda client: client.list_buckets()),
            ("sagemaker-runtime", lambda c: c.invoke_endpoint(EndpointName=ENDPOINT, Body=b"x")),
        ):
            with pytest.raises(ClientError) as caught:
                call(scene.client(service))
            assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        scene.publish(scene.table())
        with pytest.raises(ClientError, match=ENDPOINT):
            scene.client().invoke_endpoint(EndpointName=ENDPOINT, Body=b"x")
        with pytest.raises(ClientError, match=r"InvalidClientTokenId|UnrecognizedClient"):
            scene.client("sagemaker", key_id="AKIAUNKNOWN000000000").list_models()
