"""Functions whose code is a zip."""

from collections.abc import Mapping
from typing import Any

from argosy.ground.doors import FUNCTION_URL
from argosy.services.lambda_ import code
from argosy.services.lambda_.errors import InvalidParameterValueException
from argosy.services.registry import Call
from argosy.state.function_links import link_path


class ZipPackage:
    """See `packages.PackageType`."""

    def check_new(self, call: Call) -> None:
        asked = call.input
        if asked["Code"].get("ImageUri"):
            raise InvalidParameterValueException(
                "Please don't provide ImageUri when the intended function PackageType is Zip: set "
                "PackageType to Image."
            )
        self.check_settings(asked)
        if not asked.get("Runtime") or not asked.get("Handler"):
            raise InvalidParameterValueException(
                "Runtime and Handler are mandatory parameters for functions created with "
                "deployment packages."
            )

    def check_settings(self, asked: Mapping[str, Any]) -> None:
        if asked.get("ImageConfig"):
            raise InvalidParameterValueException(
                "Please don't provide ImageConfig when the intended function PackageType is Zip."
            )

    async def code(self, call: Call, asked: Mapping[str, Any]) -> dict[str, Any]:
        if asked.get("ImageUri"):
            raise InvalidParameterValueException(
                "Please don't provide ImageUri for a function with packageType Zip: it has a "
                "ZipFile, or S3Bucket and S3Key."
            )
        package = await code.taken(call, asked)
        return {
            "code": package.digest,
            "unpacked": package.unpacked,
            "CodeSha256": code.code_sha256(package.digest),
            "CodeSize": package.size,
        }

    def location(self, call: Call, config: Mapping[str, Any]) -> dict[str, Any]:
        path = link_path(call.records, config["code"], call.clock.now())
        return {"RepositoryType": "S3", "Location": f"{call.base}{FUNCTION_URL}{path}"}
