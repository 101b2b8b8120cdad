"""Every conversation with the service that takes more than one step, written once.

The modules: ``calls`` (one call until it succeeds), ``batches`` (create, look, cancel, delete),
``files`` (upload, download), ``submit`` (requests in), ``results`` (wait, results out).
"""
