"""Takes away the endpoints that a test file left on the platform that files share.

Each keeps an agent and a model running, which are pinged every second and looked at by control:
at the end of a run seventy of them took half a core and 10 GB.
"""

import contextlib
import time
from typing import Any

from botocore.exceptions import ClientError

PATIENCE_S = 30.0


def clear_away(platform: Any) -> None:
    """Delete every inference component and endpoint; what cannot be deleted now stays."""
    sagemaker = platform.client("sagemaker")
    for component in components(sagemaker):
        with contextlib.suppress(ClientError):
            sagemaker.delete_inference_component(InferenceComponentName=component)
    until = time.monotonic() + PATIENCE_S
    while components(sagemaker) and time.monotonic() < until:
        time.sleep(0.05)
    for page in sagemaker.get_paginator("list_endpoints").paginate():
        for endpoint in page["Endpoints"]:
            with contextlib.suppress(ClientError):
                sagemaker.delete_endpoint(EndpointName=endpoint["EndpointName"])


def components(sagemaker: Any) -> list[str]:
    pages = sagemaker.get_paginator("list_inference_components").paginate()
    return [one["InferenceComponentName"] for page in pages for one in page["InferenceComponents"]]
