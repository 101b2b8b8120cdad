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
    AnswerMismatchError as AnswerMismatchError,
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
    Outcome as Outcome,
)
from .models.citations import CitationSource as CitationSource
from .models.config import (
    GenerationConfig as GenerationConfig,
    Modality as Modality,
    ThinkingConfig as ThinkingConfig,
    ThinkingLevel as ThinkingLevel,
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
    WebhookConfig as WebhookConfig,
)
from .models.embedding import (
    ContentEmbedding as ContentEmbedding,
    EmbedContentConfig as EmbedContentConfig,
    EmbedContentRequest as EmbedContentRequest,
    EmbedContentResponse as EmbedContentResponse,
    EmbeddingUsageMetadata as EmbeddingUsageMetadata,
    TaskType as TaskType,
)
from .models.execution import (
    CodeExecutionResult as CodeExecutionResult,
    ExecutableCode as ExecutableCode,
)
from .models.file import (
    File as File,
    FileState as FileState,
)
from .models.formats import (
    ImageConfig as ImageConfig,
)
from .models.generation import (
    BlockReason as BlockReason,
    Candidate as Candidate,
    FinishReason as FinishReason,
    GenerateContentRequest as GenerateContentRequest,
    GenerationResponse as GenerationResponse,
    ModalityTokenCount as ModalityTokenCount,
    PromptFeedback as PromptFeedback,
    ServiceTier as ServiceTier,
    UsageMetadata as UsageMetadata,
)
from .models.media import (
    MediaResolution as MediaResolution,
    VideoMetadata as VideoMetadata,
)
from .models.operation import (
    BatchOperation as BatchOperation,
    BatchState as BatchState,
    BatchStats as BatchStats,
)
from .models.safety import (
    HarmBlockThreshold as HarmBlockThreshold,
    HarmCategory as HarmCategory,
    SafetyRating as SafetyRating,
    SafetySetting as SafetySetting,
)
from .models.schema import (
    Schema as Schema,
    Type as Type,
)
from .models.service_tools import (
    CodeExecution as CodeExecution,
    FileSearch as FileSearch,
    GoogleMaps as GoogleMaps,
    GoogleSearch as GoogleSearch,
    UrlContext as UrlContext,
)
from .models.speech import (
    PrebuiltVoiceConfig as PrebuiltVoiceConfig,
    SpeakerVoiceConfig as SpeakerVoiceConfig,
    SpeechConfig as SpeechConfig,
    VoiceConfig as VoiceConfig,
)
from .models.status import (
    Status as Status,
)
from .models.tool_config import (
    FunctionCallingConfig as FunctionCallingConfig,
    FunctionCallingMode as FunctionCallingMode,
    ToolConfig as ToolConfig,
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
from .schema import schema_of as schema_of
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
from .vectors import Vectors as Vectors

__version__: str
