"""Files that customers and staff attach: their bytes in a store, their rows in the record (R41).

Names, types and content are judged here, whatever way a file comes; so are scans, previews and what is swept. Who may
attach to a case is for the case to say (`workflows.domain.case`), who may read for the services. Bytes are never in the
database, nor in Temporal.
"""
