"""The errors that kpi-pipeline raises on purpose.

Here: one child per kind of cause. Add one when a new kind of cause appears. Messages do not belong here: they are
written where the error is raised, and name the place, what was found, what was expected and what to do.
"""


class KpiPipelineError(Exception):
    """Base of all errors that are shown to the user as one message, without a traceback."""


class ConfigurationError(KpiPipelineError):
    """Raised when files under ``config/`` or the environment contradict themselves or each other."""


class SourceContractError(KpiPipelineError):
    """Raised when a file does not keep the contract of its source; the file goes to quarantine."""


class CustodyError(KpiPipelineError):
    """Raised when the custody ledger, the stored files and the warehouse disagree."""


class QuarantineError(KpiPipelineError):
    """Raised when a file that somebody names for release or confirmation is not there, or cannot be let in that way."""


class SqlTableError(KpiPipelineError):
    """Raised when a file under ``sql/`` cannot be read, ordered or built."""


class CheckFailedError(KpiPipelineError):
    """Raised when a blocking check of a table fails: nothing is published."""


class EngineError(KpiPipelineError):
    """Raised when the warehouse engine cannot be opened or refuses a statement."""


class EngineLostError(EngineError):
    """Raised when the engine can do nothing more in this process; what was committed is safe, the process must end."""


class RunActiveError(KpiPipelineError):
    """Raised when another run holds the warehouse; the command line exits with 3."""


class FormulaError(KpiPipelineError):
    """Raised when a metric's formula, grain, dimension or filter cannot be compiled."""


class PublishError(KpiPipelineError):
    """Raised when a snapshot cannot be written, verified or found."""


class ReportError(KpiPipelineError):
    """Raised when a report cannot be made from a snapshot."""


class DemoError(KpiPipelineError):
    """Raised when the demo company cannot be simulated as asked."""


class QueryError(KpiPipelineError):
    """Raised when a question about a snapshot cannot be answered: bad SQL, or something that the snapshot lacks."""


class DeliveryError(KpiPipelineError):
    """Raised when an edition cannot be sent as it should, or must not be."""
