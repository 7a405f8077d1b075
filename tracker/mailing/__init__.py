"""The outbox: every mail is a row with a unique key before it is sent, and is marked after."""
