"""How a command reaches the platform: by its data folder, else by the usual AWS variables."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from argosy.ground.errors import ArgosyError
from argosy.ground.files import read_json
from argosy.ground.paths import DataDir


@dataclass(frozen=True)
class Session:
    """Where the platform listens, and the key to it."""

    url: str
    region: str
    account: str
    access_key_id: str
    secret_access_key: str
    ca_bundle: str = ""

    @property
    def bucket(self) -> str:
        """The default bucket, named as the SageMaker SDK names it."""
        return f"sagemaker-{self.region}-{self.account}"

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client; `config` are members of botocore's Config."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            verify=self.ca_bundle or None,
            config=Config(**config),
        )

    def get(self, path: str) -> Any:
        """JSON of one of Argosy's own routes, asked for with a signature."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The same, with a JSON body. Raises ArgosyError with what the platform says."""
        return json.loads(self.read(path, method, body))

    def read(self, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> str:
        """The answer's text. Raises ArgosyError with what the platform says."""
        import urllib3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        data = b"" if body is None else json.dumps(body).encode()
        request = AWSRequest(method=method, url=self.url + path, data=data)
        credentials = Credentials(self.access_key_id, self.secret_access_key)
        SigV4Auth(credentials, "argosy", self.region).add_auth(request)
        pool = urllib3.PoolManager(ca_certs=self.ca_bundle or None, retries=2)
        answer = pool.request(
            method, request.url, body=data, headers=dict(request.headers), timeout=10
        )
        if answer.status == 400:
            raise ArgosyError(json.loads(answer.data).get("message", "The request was refused."))
        if answer.status != 200:
            raise ArgosyError(f"{self.url}{path} answered {answer.status}: {answer.data[:300]!r}")
        return str(answer.data.decode())


def session(data_dir: str) -> Session:
    """The platform of that folder, or the one AWS_ENDPOINT_URL names when none runs there.

    Raises ArgosyError saying what to start or set.
    """
    folder = DataDir.at(data_dir)
    running, credentials = read_json(folder.running), read_json(folder.credentials)
    if running and credentials:
        return Session(
            url=running["url"],
            region=running["region"],
            account=credentials["account_id"],
            access_key_id=credentials["access_key_id"],
            secret_access_key=credentials["secret_access_key"],
            ca_bundle=running.get("tls_cert", ""),
        )
    return _from_environment(folder)


def _from_environment(folder: DataDir) -> Session:
    wanted = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    if not all(os.environ.get(name) for name in wanted):
        raise ArgosyError(
            f"No platform runs in {folder.root}. Start one with `argosy up`, name its folder with "
            "--data-dir, or set AWS_ENDPOINT_URL and keys."
        )
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "us-east-1"
    known = Session(
        os.environ["AWS_ENDPOINT_URL"], region, "", *(os.environ[n] for n in wanted[1:])
    )
    with plainly():
        account = known.client("sts").get_caller_identity()["Account"]
    return Session(known.url, region, account, known.access_key_id, known.secret_access_key)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what AWS clients raise into one sentence."""
    import urllib3.exceptions
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

    try:
        yield
    except ClientError as error:
        raise ArgosyError(error.response["Error"]["Message"] or str(error)) from None
    except EndpointConnectionError as error:
        raise ArgosyError(f"{error} Is `argosy up` running?") from None
    except BotoCoreError as error:
        raise ArgosyError(str(error)) from None
    except urllib3.exceptions.HTTPError as error:
        raise ArgosyError(f"The platform does not answer ({error}). Is it running?") from None
