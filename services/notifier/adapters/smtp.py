"""Hands mails to a mail server by SMTP (RFC 5321), and tells "not now" from "never"."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage

from services.notifier.adapters.ports import RefusedForGoodError, TryLaterError
from services.notifier.adapters.settings import NotifierSettings

NEVER = 5
"""First digit of a reply that will not change (4 may)."""


class SmtpPost:
    """A connection of its own for each mail: nothing is left over from one to the next."""

    def __init__(self, settings: NotifierSettings) -> None:
        self._settings = settings
        self._greets_as = settings.mail_from.rpartition("@")[2]

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Hand over one mail; what happens after the server has said yes to its data changes nothing."""
        smtp: smtplib.SMTP | None = None
        try:
            smtp = self._connected()
            smtp.send_message(message, from_addr=sender, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            raise _said(next(iter(error.recipients.values()))[0], "recipient") from None
        except smtplib.SMTPDataError as error:
            raise _said(error.smtp_code, "data") from None
        except smtplib.SMTPResponseException as error:
            # greeting, sign-in, sender: a matter of configuration, which may be put right
            raise TryLaterError(f"SMTP {error.smtp_code}: {type(error).__name__}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise TryLaterError(f"SMTP: {type(error).__name__}") from None
        finally:
            if smtp is not None:
                _leave(smtp)

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        smtp = smtplib.SMTP(
            settings.smtp_host, settings.smtp_port, local_hostname=self._greets_as, timeout=settings.smtp_timeout_s
        )
        try:
            if settings.requires_tls:
                smtp.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                smtp.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except BaseException:
            _leave(smtp)
            raise
        return smtp


def _leave(smtp: smtplib.SMTP) -> None:
    with suppress(smtplib.SMTPException, OSError):
        smtp.quit()
    smtp.close()


def _said(code: int, about: str) -> TryLaterError | RefusedForGoodError:
    """The server's own words may repeat an address, so the code alone is kept."""
    if code // 100 == NEVER:
        return RefusedForGoodError(f"SMTP {code}: {about}")
    return TryLaterError(f"SMTP {code}: {about}")
