from .aio import (
    AsyncBatchClient as AsyncBatchClient,
)
from .aio import (
    AsyncBatchHandle as AsyncBatchHandle,
)
from .aio import (
    AsyncStream as AsyncStream,
)
from .errors import (
    ApiError as ApiError,
)
from .errors import (
    AsyncHandleReturnedError as AsyncHandleReturnedError,
)
from .errors import (
    AuthenticationError as AuthenticationError,
)
from .errors import (
    BatchCancelledError as BatchCancelledError,
)
from .errors import (
    BatchEndedError as BatchEndedError,
)
from .errors import (
    BatchExpiredError as BatchExpiredError,
)
from .errors import (
    BatchFailedError as BatchFailedError,
)
from .errors import (
    ConflictError as ConflictError,
)
from .errors import (
    CreateOutcomeUnknownError as CreateOutcomeUnknownError,
)
from .errors import (
    Delivery as Delivery,
)
from .errors import (
    GeminiBatchError as GeminiBatchError,
)
from .errors import (
    HandleBusyError as HandleBusyError,
)
from .errors import (
    HandleConsumedError as HandleConsumedError,
)
from .errors import (
    HandleReturnedError as HandleReturnedError,
)
from .errors import (
    IntegrityError as IntegrityError,
)
from .errors import (
    InvalidRequestError as InvalidRequestError,
)
from .errors import (
    ItemFailedError as ItemFailedError,
)
from .errors import (
    NoTextError as NoTextError,
)
from .errors import (
    NotFoundError as NotFoundError,
)
from .errors import (
    PermissionDeniedError as PermissionDeniedError,
)
from .errors import (
    ProtocolError as ProtocolError,
)
from .errors import (
    RateLimitError as RateLimitError,
)
from .errors import (
    ResultsGoneError as ResultsGoneError,
)
from .errors import (
    ResultsIncompleteError as ResultsIncompleteError,
)
from .errors import (
    ServerError as ServerError,
)
from .errors import (
    SyncHandleReturnedError as SyncHandleReturnedError,
)
from .errors import (
    TransportError as TransportError,
)
from .errors import (
    UploadOutcomeUnknownError as UploadOutcomeUnknownError,
)
from .errors import (
    UsageError as UsageError,
)
from .errors import (
    WaitTimeoutError as WaitTimeoutError,
)
from .models.content import (
    Blob as Blob,
)
from .models.content import (
    Content as Content,
)
from .models.content import (
    FileData as FileData,
)
from .models.content import (
    FunctionCall as FunctionCall,
)
from .models.content import (
    Part as Part,
)
from .models.file import (
    File as File,
)
from .models.file import (
    FileState as FileState,
)
from .models.generation import (
    BlockReason as BlockReason,
)
from .models.generation import (
    Candidate as Candidate,
)
from .models.generation import (
    FinishReason as FinishReason,
)
from .models.generation import (
    GenerateContentRequest as GenerateContentRequest,
)
from .models.generation import (
    GenerationConfig as GenerationConfig,
)
from .models.generation import (
    GenerationResponse as GenerationResponse,
)
from .models.generation import (
    ModalityTokenCount as ModalityTokenCount,
)
from .models.generation import (
    PromptFeedback as PromptFeedback,
)
from .models.generation import (
    ThinkingConfig as ThinkingConfig,
)
from .models.generation import (
    UsageMetadata as UsageMetadata,
)
from .models.operation import (
    BatchOperation as BatchOperation,
)
from .models.operation import (
    BatchState as BatchState,
)
from .models.operation import (
    BatchStats as BatchStats,
)
from .models.status import (
    Status as Status,
)
from .progress import (
    Progress as Progress,
)
from .results import (
    BatchGenerationResponseItem as BatchGenerationResponseItem,
)
from .results import (
    BatchResults as BatchResults,
)
from .results import (
    IndividualRequestError as IndividualRequestError,
)
from .results import (
    ItemError as ItemError,
)
from .results import (
    ItemMalformed as ItemMalformed,
)
from .results import (
    ItemSuccess as ItemSuccess,
)
from .retry import (
    PollPolicy as PollPolicy,
)
from .retry import (
    RetryPolicy as RetryPolicy,
)
from .retry import (
    Timeouts as Timeouts,
)
from .states import (
    BatchStatus as BatchStatus,
)
from .states import (
    Cancelled as Cancelled,
)
from .states import (
    Expired as Expired,
)
from .states import (
    Failed as Failed,
)
from .states import (
    Pending as Pending,
)
from .states import (
    Running as Running,
)
from .states import (
    Succeeded as Succeeded,
)
from .states import (
    Unrecognised as Unrecognised,
)
from .sync import (
    SyncBatchClient as SyncBatchClient,
)
from .sync import (
    SyncBatchHandle as SyncBatchHandle,
)
from .sync import (
    SyncStream as SyncStream,
)

__version__: str
