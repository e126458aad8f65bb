"""Calls functions for APIs: whether their policy lets the API in, and which version it is.

What was found is kept until functions or their policies change.
"""

from argosy.automation.gateway.errors import misconfigured
from argosy.ground.errors import ApiError
from argosy.ground.functions import Functions, FunctionVersion, Invoked
from argosy.means import Means
from argosy.state import function_policy, functions
from argosy.state.invocations import Invocations

PRINCIPAL = "apigateway.amazonaws.com"
_MOST = 4096


class FunctionCaller:
    """For all APIs of a platform."""

    def __init__(self, means: Means, engine: Functions) -> None:
        self._records = means.records
        self._clock = means.clock
        self._queue = Invocations(means.records.transactions)
        self._engine = engine
        self._allowed: dict[tuple[str, str], bool] = {}
        self._versions: dict[str, FunctionVersion] = {}
        means.records.listen(self._changed)

    async def invoke(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        account: str,
        by_role: bool = False,
        trace: str = "",
    ) -> Invoked:
        """What the function gave. by_role: a role's credentials let it in, not the policy.
        trace: the X-Amzn-Trace-Id that came with the request.

        Raises Refused when the API may not call it, when it is not there or cannot run.
        """
        self._admit(arn, source_arn, account, by_role)
        version = self._version(arn)
        try:
            return await self._engine.invoke(version, payload, trace=trace)
        except ApiError as error:
            raise misconfigured(f"Lambda: {error.code}: {error.message}") from None

    def queue(
        self,
        arn: str,
        payload: bytes,
        *,
        source_arn: str,
        account: str,
        region: str,
        by_role: bool = False,
        trace: str = "",
    ) -> str:
        """Have the function called later, for certain; returns the invocation's id.

        Raises Refused as `invoke`.
        """
        self._admit(arn, source_arn, account, by_role)
        self._version(arn)
        try:
            return self._queue.add(account, region, arn, payload, self._clock.now(), trace=trace)
        except ValueError as error:
            raise misconfigured(f"Lambda: {error}") from None

    def _admit(self, arn: str, source_arn: str, account: str, by_role: bool) -> None:
        if not by_role and not self._allows(arn, source_arn, account):
            raise misconfigured("Invalid permissions on Lambda function")

    def _allows(self, arn: str, source_arn: str, account: str) -> bool:
        key = arn, source_arn
        found = self._allowed.get(key)
        if found is None:
            if len(self._allowed) >= _MOST:
                self._allowed.clear()
            found = function_policy.allows(self._records, arn, PRINCIPAL, source_arn, account)
            self._allowed[key] = found
        return found

    def _version(self, arn: str) -> FunctionVersion:
        found = self._versions.get(arn)
        if found is not None:
            return found
        named = functions.parse_name(arn)
        version = None
        if named is not None:
            version = functions.resolve(self._records, named.account, named.region, arn)
        if named is None or version is None:
            raise misconfigured("Invalid Lambda function")
        # An alias may send each invocation to another version.
        if named.qualifier in ("", "$LATEST") or named.qualifier.isdecimal():
            self._versions[arn] = version
        return version

    def _changed(self, kind: str) -> None:
        if kind in functions.KINDS:
            self._allowed.clear()
            self._versions.clear()
