"""How to reach the running system."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address and credentials of the engine, and the name of the stack that stands on it."""

    url: str
    region: str
    stack_name: str
    access_key: str
    secret_key: str
    account: str

    def environment(self) -> dict[str, str]:
        """The variables by which the SAM CLI and every AWS SDK find the engine."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            # Some operations put a word before the host's name, and the engine's is an address.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }
