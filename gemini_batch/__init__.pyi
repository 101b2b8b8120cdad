from .aio import (
    AsyncBatchClient as AsyncBatchClient,
    AsyncBatchHandle as AsyncBatchHandle,
    AsyncFiles as AsyncFiles,
    AsyncPager as AsyncPager,
    AsyncStream as AsyncStream,
)
from .builders import (
    BatchBuilder as BatchBuilder,
    GenerateContentBuilder as GenerateContentBuilder,
)
from .endpoints.replies import (
    Page as Page,
)
from .errors import (
    ApiError as ApiError,
    AsyncHandleReturnedError as AsyncHandleReturnedError,
    AuthenticationError as AuthenticationError,
    BatchCancelledError as BatchCancelledError,
    BatchEndedError as BatchEndedError,
    BatchExpiredError as BatchExpiredError,
    BatchFailedError as BatchFailedError,
    ConflictError as ConflictError,
    CreateOutcomeUnknownError as CreateOutcomeUnknownError,
    Delivery as Delivery,
    GeminiBatchError as GeminiBatchError,
    HandleBusyError as HandleBusyError,
    HandleConsumedError as HandleConsumedError,
    HandleReturnedError as HandleReturnedError,
    IntegrityError as IntegrityError,
    InvalidRequestError as InvalidRequestError,
    ItemFailedError as ItemFailedError,
    NoTextError as NoTextError,
    NotFoundError as NotFoundError,
    PermissionDeniedError as PermissionDeniedError,
    ProtocolError as ProtocolError,
    RateLimitError as RateLimitError,
    ResultsGoneError as ResultsGoneError,
    ResultsIncompleteError as ResultsIncompleteError,
    ServerError as ServerError,
    SyncHandleReturnedError as SyncHandleReturnedError,
    TransportError as TransportError,
    UploadOutcomeUnknownError as UploadOutcomeUnknownError,
    UsageError as UsageError,
    WaitTimeoutError as WaitTimeoutError,
)
from .items import (
    BatchGenerationResponseItem as BatchGenerationResponseItem,
    IndividualRequestError as IndividualRequestError,
    ItemError as ItemError,
    ItemMalformed as ItemMalformed,
    ItemSuccess as ItemSuccess,
)
from .models.content import (
    Blob as Blob,
    Content as Content,
    FileData as FileData,
    FunctionCall as FunctionCall,
    FunctionResponse as FunctionResponse,
    Part as Part,
)
from .models.creation import (
    AsyncBatchEmbedContentRequest as AsyncBatchEmbedContentRequest,
    BatchGenerateContentRequest as BatchGenerateContentRequest,
    EmbedContentBatch as EmbedContentBatch,
    GenerateContentBatch as GenerateContentBatch,
    InlinedEmbedContentRequest as InlinedEmbedContentRequest,
    InlinedEmbedContentRequests as InlinedEmbedContentRequests,
    InlinedRequest as InlinedRequest,
    InlinedRequests as InlinedRequests,
    InputConfig as InputConfig,
    InputEmbedContentConfig as InputEmbedContentConfig,
)
from .models.embedding import (
    ContentEmbedding as ContentEmbedding,
    EmbedContentRequest as EmbedContentRequest,
    EmbedContentResponse as EmbedContentResponse,
    EmbeddingUsageMetadata as EmbeddingUsageMetadata,
    TaskType as TaskType,
)
from .models.file import (
    File as File,
    FileState as FileState,
)
from .models.generation import (
    BlockReason as BlockReason,
    Candidate as Candidate,
    FinishReason as FinishReason,
    GenerateContentRequest as GenerateContentRequest,
    GenerationConfig as GenerationConfig,
    GenerationResponse as GenerationResponse,
    ModalityTokenCount as ModalityTokenCount,
    PromptFeedback as PromptFeedback,
    ThinkingConfig as ThinkingConfig,
    UsageMetadata as UsageMetadata,
)
from .models.operation import (
    BatchOperation as BatchOperation,
    BatchState as BatchState,
    BatchStats as BatchStats,
)
from .models.status import (
    Status as Status,
)
from .models.tools import (
    FunctionDeclaration as FunctionDeclaration,
    Tool as Tool,
)
from .progress import (
    Progress as Progress,
)
from .results import (
    BatchResults as BatchResults,
)
from .retry import (
    PollPolicy as PollPolicy,
    RetryPolicy as RetryPolicy,
    Timeouts as Timeouts,
)
from .states import (
    BatchStatus as BatchStatus,
    Cancelled as Cancelled,
    Expired as Expired,
    Failed as Failed,
    Pending as Pending,
    Running as Running,
    Succeeded as Succeeded,
    Unrecognised as Unrecognised,
)
from .summary import (
    Summary as Summary,
)
from .sync import (
    SyncBatchClient as SyncBatchClient,
    SyncBatchHandle as SyncBatchHandle,
    SyncFiles as SyncFiles,
    SyncPager as SyncPager,
    SyncStream as SyncStream,
)

__version__: str
