"""One pair of pure functions per REST method: ``build_…`` a request, ``parse_…`` its reply.

https://ai.google.dev/api/batch-api and https://ai.google.dev/api/files, and for uploads Google's
resumable protocol of the ``X-Goog-Upload-…`` headers.
"""
