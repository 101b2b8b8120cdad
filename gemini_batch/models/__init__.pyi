from collections.abc import Mapping, Sequence

from .base import (
    Duration as Duration,
    Model as Model,
    OpenEnum as OpenEnum,
    Timestamp as Timestamp,
)
from .citations import (
    CitationMetadata as CitationMetadata,
    CitationSource as CitationSource,
    UrlContextMetadata as UrlContextMetadata,
    UrlMetadata as UrlMetadata,
    UrlRetrievalStatus as UrlRetrievalStatus,
)
from .config import (
    GenerationConfig as GenerationConfig,
    Modality as Modality,
    ThinkingConfig as ThinkingConfig,
    ThinkingLevel as ThinkingLevel,
)
from .content import (
    Blob as Blob,
    Content as Content,
    FileData as FileData,
    FunctionCall as FunctionCall,
    FunctionResponse as FunctionResponse,
    FunctionResponseScheduling as FunctionResponseScheduling,
    Part as Part,
)
from .creation import (
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
from .embedding import (
    ContentEmbedding as ContentEmbedding,
    EmbedContentConfig as EmbedContentConfig,
    EmbedContentRequest as EmbedContentRequest,
    EmbedContentResponse as EmbedContentResponse,
    EmbeddingUsageMetadata as EmbeddingUsageMetadata,
    TaskType as TaskType,
)
from .execution import (
    CodeExecutionResult as CodeExecutionResult,
    CodeLanguage as CodeLanguage,
    CodeOutcome as CodeOutcome,
    ExecutableCode as ExecutableCode,
    ToolCall as ToolCall,
    ToolResponse as ToolResponse,
    ToolType as ToolType,
)
from .file import (
    CreateFileRequest as CreateFileRequest,
    CreateFileResponse as CreateFileResponse,
    File as File,
    FileSource as FileSource,
    FileState as FileState,
    ListFilesResponse as ListFilesResponse,
    VideoFileMetadata as VideoFileMetadata,
)
from .formats import (
    AspectRatio as AspectRatio,
    AudioMimeType as AudioMimeType,
    AudioResponseFormat as AudioResponseFormat,
    Delivery as Delivery,
    ImageConfig as ImageConfig,
    ImageMimeType as ImageMimeType,
    ImageResponseFormat as ImageResponseFormat,
    ImageSize as ImageSize,
    ResponseFormatConfig as ResponseFormatConfig,
    TextMimeType as TextMimeType,
    TextResponseFormat as TextResponseFormat,
)
from .generation import (
    BlockReason as BlockReason,
    Candidate as Candidate,
    FinishReason as FinishReason,
    GenerateContentRequest as GenerateContentRequest,
    GenerationResponse as GenerationResponse,
    ModalityTokenCount as ModalityTokenCount,
    ModelStage as ModelStage,
    ModelStatus as ModelStatus,
    PromptFeedback as PromptFeedback,
    ServiceTier as ServiceTier,
    UsageMetadata as UsageMetadata,
)
from .grounding import (
    AttributionSourceId as AttributionSourceId,
    GroundingAttribution as GroundingAttribution,
    GroundingChunk as GroundingChunk,
    GroundingChunkCustomMetadata as GroundingChunkCustomMetadata,
    GroundingChunkStringList as GroundingChunkStringList,
    GroundingMetadata as GroundingMetadata,
    GroundingPassageId as GroundingPassageId,
    GroundingSupport as GroundingSupport,
    Image as Image,
    Maps as Maps,
    PlaceAnswerSources as PlaceAnswerSources,
    RetrievalMetadata as RetrievalMetadata,
    RetrievedContext as RetrievedContext,
    ReviewSnippet as ReviewSnippet,
    SearchEntryPoint as SearchEntryPoint,
    Segment as Segment,
    SemanticRetrieverChunk as SemanticRetrieverChunk,
    Web as Web,
)
from .logprobs import (
    LogprobsResult as LogprobsResult,
    LogprobsResultCandidate as LogprobsResultCandidate,
    TopCandidates as TopCandidates,
)
from .media import (
    FunctionResponseBlob as FunctionResponseBlob,
    FunctionResponsePart as FunctionResponsePart,
    MediaProcessing as MediaProcessing,
    MediaResolution as MediaResolution,
    PartMediaResolution as PartMediaResolution,
    VideoMetadata as VideoMetadata,
)
from .operation import (
    BatchInput as BatchInput,
    BatchMetadata as BatchMetadata,
    BatchOperation as BatchOperation,
    BatchState as BatchState,
    BatchStats as BatchStats,
)
from .outputs import (
    EmbedContentBatchOutput as EmbedContentBatchOutput,
    GenerateContentBatchOutput as GenerateContentBatchOutput,
    InlinedEmbedContentResponse as InlinedEmbedContentResponse,
    InlinedEmbedContentResponses as InlinedEmbedContentResponses,
    InlinedResponse as InlinedResponse,
    InlinedResponses as InlinedResponses,
    ListOperationsResponse as ListOperationsResponse,
    Operation as Operation,
)
from .safety import (
    HarmBlockThreshold as HarmBlockThreshold,
    HarmCategory as HarmCategory,
    HarmProbability as HarmProbability,
    SafetyRating as SafetyRating,
    SafetySetting as SafetySetting,
)
from .schema import (
    Schema as Schema,
    Type as Type,
)
from .service_tools import (
    CodeExecution as CodeExecution,
    ComputerEnvironment as ComputerEnvironment,
    ComputerUse as ComputerUse,
    DynamicRetrievalConfig as DynamicRetrievalConfig,
    DynamicRetrievalMode as DynamicRetrievalMode,
    FileSearch as FileSearch,
    GoogleMaps as GoogleMaps,
    GoogleSearch as GoogleSearch,
    GoogleSearchRetrieval as GoogleSearchRetrieval,
    ImageSearch as ImageSearch,
    Interval as Interval,
    McpServer as McpServer,
    SafetyPolicy as SafetyPolicy,
    SearchTypes as SearchTypes,
    StreamableHttpTransport as StreamableHttpTransport,
    UrlContext as UrlContext,
    WebSearch as WebSearch,
)
from .speech import (
    AudioTranscriptionConfig as AudioTranscriptionConfig,
    LanguageAuto as LanguageAuto,
    LanguageHints as LanguageHints,
    MultiSpeakerVoiceConfig as MultiSpeakerVoiceConfig,
    PrebuiltVoiceConfig as PrebuiltVoiceConfig,
    SpeakerVoiceConfig as SpeakerVoiceConfig,
    SpeechConfig as SpeechConfig,
    TranscriptionMode as TranscriptionMode,
    TranslationConfig as TranslationConfig,
    VoiceConfig as VoiceConfig,
)
from .status import (
    Status as Status,
)
from .tool_config import (
    FunctionCallingConfig as FunctionCallingConfig,
    FunctionCallingMode as FunctionCallingMode,
    LatLng as LatLng,
    RetrievalConfig as RetrievalConfig,
    ToolConfig as ToolConfig,
)
from .tools import (
    Behavior as Behavior,
    FunctionDeclaration as FunctionDeclaration,
    Tool as Tool,
)

ROOMS: Mapping[str, Sequence[str]]
HOMES: Mapping[str, str]
