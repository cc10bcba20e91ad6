"""The reference issuer: the other side of the heartbeat, with the extra ``issuer``.

``bithuman-ctypes issuer --help`` runs it, docs/issuer.md explains it, docs/auth.md is the protocol.

    server       listens: TLS, logging, metrics
    app          the interface over HTTP
    writer       gathers beats: one transaction for all that wait
    ledger       what a beat does to the books, and the answer
    metering     how many minutes frames are
    credentials  secrets and tokens
    limits       who asks too often
    accounts     what an administrator does
    schema       the tables
"""
