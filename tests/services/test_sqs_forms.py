"""SQS's old query protocol, as older SDKs and API Gateway's integrations write it."""

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
import urllib3

from tests.support.api_client import ApiServer

SCOPE = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/sqs/aws4_request"
HEADERS = {"Authorization": SCOPE, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def queue(server: ApiServer) -> str:
    """The path of a queue that is there."""
    ask(server, "/", Action="CreateQueue", QueueName="q", **{"Attribute.1.Name": "DelaySeconds",
        "Attribute.1.Value": "0", "Tag.1.Key": "a", "Tag.1.Value": "b"})  # fmt: skip
    return "/000000000000/q"


def ask(server: ApiServer, path: str, **fields: str) -> ElementTree.Element:
    """The answer's document, without its namespace."""
    answer = urllib3.request(
        "POST", server.url + path, body=urlencode(fields), headers=HEADERS, timeout=60
    )
    text = answer.data.decode().replace(' xmlns="http://queue.amazonaws.com/doc/2012-11-05/"', "")
    assert text != answer.data.decode()
    return ElementTree.fromstring(text)


def test_the_path_says_which_queue_a_message_is_for(server: ApiServer, queue: str) -> None:
    sent = ask(server, queue, Action="SendMessage", MessageBody="a&b")
    assert sent.tag == "SendMessageResponse"
    number = sent.findtext("SendMessageResult/MessageId")
    got = ask(server, queue, Action="ReceiveMessage", MaxNumberOfMessages="10")
    (message,) = got.findall("ReceiveMessageResult/Message")
    assert (message.findtext("Body"), message.findtext("MessageId")) == ("a&b", number)


def test_attributes_and_batches_have_their_old_names(server: ApiServer, queue: str) -> None:
    fields = {
        "SendMessageBatchRequestEntry.1.Id": "one",
        "SendMessageBatchRequestEntry.1.MessageBody": "x",
        "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name": "n",
        "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType": "Number",
        "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue": "5",
    }
    sent = ask(server, queue, Action="SendMessageBatch", **fields)
    assert sent.findtext("SendMessageBatchResult/SendMessageBatchResultEntry/Id") == "one"
    names = {"AttributeName.1": "All", "MessageAttributeName.1": "All"}
    got = ask(server, queue, Action="ReceiveMessage", **names)
    message = got.find("ReceiveMessageResult/Message")
    assert message is not None
    assert message.findtext("MessageAttribute/Value/StringValue") == "5"
    assert "SentTimestamp" in {one.findtext("Name") for one in message.findall("Attribute")}
    told = ask(server, queue, Action="GetQueueAttributes", **{"AttributeName.1": "QueueArn"})
    assert told.findtext("GetQueueAttributesResult/Attribute/Value", "").endswith(":q")
    tags = ask(server, queue, Action="ListQueueTags")
    assert tags.findtext("ListQueueTagsResult/Tag/Key") == "a"


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("/000000000000/none", {"Action": "SendMessage", "MessageBody": "x"},
         "AWS.SimpleQueueService.NonExistentQueue"),
        ("/000000000000/q", {"Action": "DeleteMessage", "ReceiptHandle": "no"},
         "ReceiptHandleIsInvalid"),
        ("/", {"Action": "Nothing"}, "UnknownOperationException"),
    ],
)  # fmt: skip
def test_errors_have_their_old_codes(
    server: ApiServer, queue: str, path: str, fields: dict[str, Any], code: str
) -> None:
    answer = ask(server, path, **fields)
    assert answer.tag == "ErrorResponse"
    assert answer.findtext("Error/Code") == code


def test_who_accepts_json_gets_it_as_integrations_of_api_gateway_do(
    server: ApiServer, queue: str
) -> None:
    def told(path: str) -> Any:
        return urllib3.request(
            "POST",
            server.url + path,
            body="Action=SendMessage&MessageBody=x",
            headers={**HEADERS, "Accept": "application/json"},
            timeout=60,
        ).json()

    sent = told(queue)["SendMessageResponse"]
    assert sent["SendMessageResult"]["MD5OfMessageBody"] == "9dd4e461268c8034f5c8564e155c67a6"
    assert sent["ResponseMetadata"]["RequestId"]
    code = "AWS.SimpleQueueService.NonExistentQueue"
    assert told("/000000000000/none")["Error"]["Code"] == code
