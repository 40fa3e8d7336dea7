import sys
import time

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

mode, count = sys.argv[1:]

settings.configure(
    EMAIL_HOST="mail.shop.example",
    EMAIL_PORT=587,
    EMAIL_USE_TLS=True,
    EMAIL_HOST_USER="shop",
    EMAIL_HOST_PASSWORD="SECRET",
    EMAIL_TIMEOUT=60,
)

kept = get_connection() if mode == "kept" else None
if kept:
    kept.open()
for i in range(int(count)):
    message = EmailMessage(f"Order {i}", "Thank you, Jürgen.\n.\n..\nBye\n", "orders@shop.example",
                           ["customer@receiver.example"], connection=kept)
    began = time.monotonic()
    message.send()
    print(f"{(time.monotonic() - began) * 1000:.3f}")
if kept:
    kept.close()
