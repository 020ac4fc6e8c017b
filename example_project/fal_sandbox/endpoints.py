"""The endpoints that the sandbox knows."""

from dataclasses import dataclass, field, replace
from typing import Any

from . import inputs
from .schemas import defaults, in_order, merge
from .validation import Validator

JSON = dict[str, Any]
CHANGEABLE = {"status", "gone", "retired", "unit_price", "unit", "schema"}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One model: its id, its input, what it returns and costs."""

    id: str
    title: str
    input: JSON
    """The schema of the input."""
    models: JSON = field(default_factory=dict)
    """Schemas that the input refers to, by name."""
    tolerant: bool = False
    """Whether keys that it does not know pass."""
    source: str = "video_url"
    """The field that names the source."""
    outputs: tuple[str, ...] = ("video",)
    unit_price: float
    unit: str = "seconds"
    minutes: float
    """How long a run takes, as the platform API says."""
    status: str = "active"
    gone: bool = False
    """Whether nobody knows the endpoint any more."""
    retired: str = ""
    """The error by which a submission is refused; none while it is empty."""

    @property
    def app(self) -> str:
        """The owner and app under which status, result and cancel are found."""
        return "/".join(self.id.split("/")[:2])

    def complaints(self, body: object) -> list[JSON]:
        """Return pydantic's `detail` list for the body; empty when it is valid."""
        return list(Validator(self.models, self.tolerant).check(self.input, body))

    def with_defaults(self, body: JSON) -> JSON:
        """Return the body with every optional field filled in."""
        return defaults(self.input) | body

    def changed(self, changes: JSON) -> "Endpoint":
        """Return the endpoint as it is after the changes; `schema` is merged into the input's."""
        others = dict(changes)
        patch = others.pop("schema", {})
        order = self.input["x-fal-order-properties"]
        return replace(self, input=in_order(merge(self.input, patch), order), **others)


SORA_2_REMIX = Endpoint(
    id="fal-ai/sora-2/video-to-video/remix",
    title="Sora 2 Remix",
    input=inputs.SORA_2_REMIX,
    source="video_id",
    outputs=("video", "video_id", "thumbnail", "spritesheet"),
    unit_price=0.10,
    minutes=3,
)
FLUX_3 = Endpoint(
    id="blackforestlabs/flux-3/edit-video",
    title="FLUX.3 Edit Video",
    input=inputs.FLUX_3,
    tolerant=True,
    outputs=("video", "seed"),
    unit_price=0.03,
    minutes=1,
)
KLING_O3 = Endpoint(
    id="fal-ai/kling-video/o3/standard/video-to-video/edit",
    title="Kling O3 Edit Video [Standard]",
    input=inputs.KLING_O3,
    models={"KlingV3ComboElementInput": inputs.KLING_ELEMENT},
    unit_price=0.126,
    minutes=2,
)
KLING_O3_PRO = replace(
    KLING_O3,
    id="fal-ai/kling-video/o3/pro/video-to-video/edit",
    title="Kling O3 Edit Video [Pro]",
    unit_price=0.168,
    minutes=3,
)
GEMINI_OMNI = Endpoint(
    id="google/gemini-omni-flash/v1.1/edit",
    title="Gemini Omni Flash 1.1 Edit",
    input=inputs.GEMINI_OMNI,
    unit_price=0.10,
    minutes=1,
)
WAN_27 = Endpoint(
    id="fal-ai/wan/v2.7/edit-video",
    title="Wan 2.7 Edit Video",
    input=inputs.WAN_27,
    outputs=("video", "seed", "actual_prompt"),
    unit_price=0.10,
    minutes=2,
)
HAPPY_HORSE = Endpoint(
    id="alibaba/happy-horse/video-edit",
    title="Happy Horse Video Edit",
    input=inputs.HAPPY_HORSE,
    outputs=("video", "seed"),
    unit_price=0.14,
    minutes=3,
)
GROK_IMAGINE = Endpoint(
    id="xai/grok-imagine-video/edit-video",
    title="Grok Imagine Edit Video",
    input=inputs.GROK_IMAGINE,
    unit_price=0.05,
    unit="units",
    minutes=2,
)
LUMA_RAY = Endpoint(
    id="luma/agent/ray/v3.2/video-to-video",
    title="Luma Ray 3.2 Video to Video",
    input=inputs.LUMA_RAY,
    unit_price=0.03,
    unit="units",
    minutes=4,
)
LUCY_RESTYLE = Endpoint(
    id="decart/lucy-restyle",
    title="Lucy Restyle",
    input=inputs.LUCY_RESTYLE,
    unit_price=0.01,
    minutes=1,
)

ENDPOINTS = {
    endpoint.id: endpoint
    for endpoint in (
        SORA_2_REMIX,
        FLUX_3,
        KLING_O3,
        KLING_O3_PRO,
        GEMINI_OMNI,
        WAN_27,
        HAPPY_HORSE,
        GROK_IMAGINE,
        LUMA_RAY,
        LUCY_RESTYLE,
    )
}
