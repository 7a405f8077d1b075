"""Who opens the enterprises' pages."""

from django.core.exceptions import PermissionDenied

from tracker.accounts.access import SignedIn
from tracker.library.models import Enterprise


class EnterpriseOnly(SignedIn):
    """A page for the people of an enterprise, about that enterprise."""

    needs = "read_portal"

    @property
    def enterprise(self) -> Enterprise:
        """The person's own enterprise."""
        if self.person.enterprise is None:
            raise PermissionDenied
        return self.person.enterprise
