"""The sandbox's endpoints."""

from dataclasses import dataclass, field, replace
from typing import Any

from . import inputs, limits, measures
from .combinations import Combination, four_references, one_way_of_control
from .limits import Limits
from .measures import Length, Units
from .schemas import defaults, in_order, merge
from .validation import Validator, complaint

JSON = dict[str, Any]
CHANGEABLE = {"status", "gone", "retired", "unit_price", "unit", "schema"}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An endpoint: its id, input, output and price."""

    id: str
    title: str
    input: JSON
    """The schema of the input."""
    models: JSON = field(default_factory=dict)
    """Schemas referenced by the input, by name."""
    tolerant: bool = False
    """Whether it accepts unknown keys."""
    combinations: tuple[Combination, ...] = ()
    """An extra check, after the fields are valid."""
    source: str = "video_url"
    """The field that names the source."""
    limits: Limits = limits.ANY
    pictures: tuple[str, ...] = ()
    """The fields that name reference images."""
    outputs: tuple[str, ...] = ("video",)
    tells_facts: bool = False
    """Whether the video comes with its size and length: a VideoFile, not just a File."""
    length: Length = measures.as_source
    units: Units = measures.output_seconds
    unit_price: float
    unit: str = "seconds"
    minutes: float
    """How long a run takes, as the platform API says."""
    status: str = "active"
    gone: bool = False
    """Whether the endpoint was removed."""
    retired: str = ""
    """The error that refuses submissions. Empty: accept them."""

    @property
    def app(self) -> str:
        """The owner and app in the URLs of status, result and cancel."""
        return "/".join(self.id.split("/")[:2])

    def complaints(self, body: object) -> list[JSON]:
        """Return pydantic's `detail` list for the body; empty when it is valid."""
        found = list(Validator(self.models, self.tolerant).check(self.input, body))
        if found or not isinstance(body, dict):
            return found
        texts = [text for check in self.combinations if (text := check(body))]
        return [complaint("value_error", f"Value error, {t}", ("body",), body) for t in texts]

    def with_defaults(self, body: JSON) -> JSON:
        """Return the body with every optional field filled in."""
        return defaults(self.input) | body

    def changed(self, changes: JSON) -> "Endpoint":
        """Return the changed endpoint. `schema` is merged into the input's."""
        others = dict(changes)
        patch = others.pop("schema", {})
        order = self.input["x-fal-order-properties"]
        return replace(self, input=in_order(merge(self.input, patch), order), **others)


SORA_2_REMIX = Endpoint(
    id="fal-ai/sora-2/video-to-video/remix",
    title="Sora 2 Remix",
    input=inputs.SORA_2_REMIX,
    tells_facts=True,
    source="video_id",
    outputs=("video", "video_id", "thumbnail", "spritesheet"),
    unit_price=0.10,
    minutes=3,
)
FLUX_3 = Endpoint(
    id="blackforestlabs/flux-3/edit-video",
    title="FLUX.3 Edit Video",
    input=inputs.FLUX_3,
    limits=limits.FLUX_3,
    units=measures.source_seconds,
    tolerant=True,
    outputs=("video", "seed"),
    unit_price=0.03,
    minutes=1,
)
KLING_O3 = Endpoint(
    id="fal-ai/kling-video/o3/standard/video-to-video/edit",
    title="Kling O3 Edit Video [Standard]",
    input=inputs.KLING_O3,
    combinations=(four_references,),
    limits=limits.KLING_O3,
    pictures=("image_urls", "elements"),
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
    limits=limits.WAN_27,
    pictures=("reference_image_url",),
    tells_facts=True,
    length=measures.duration_or_source,
    outputs=("video", "seed", "actual_prompt"),
    unit_price=0.10,
    minutes=2,
)
HAPPY_HORSE = Endpoint(
    id="alibaba/happy-horse/video-edit",
    title="Happy Horse Video Edit",
    input=inputs.HAPPY_HORSE,
    limits=limits.HAPPY_HORSE,
    pictures=("reference_image_urls",),
    tells_facts=True,
    units=measures.both_seconds,
    outputs=("video", "seed"),
    unit_price=0.14,
    minutes=3,
)
GROK_IMAGINE = Endpoint(
    id="xai/grok-imagine-video/edit-video",
    title="Grok Imagine Edit Video",
    input=inputs.GROK_IMAGINE,
    limits=limits.GROK_IMAGINE,
    tells_facts=True,
    units=measures.grok_units,
    unit_price=0.05,
    unit="units",
    minutes=2,
)
LUMA_RAY = Endpoint(
    id="luma/agent/ray/v3.2/video-to-video",
    title="Luma Ray 3.2 Video to Video",
    input=inputs.LUMA_RAY,
    combinations=(one_way_of_control,),
    limits=limits.LUMA_RAY,
    pictures=("start_image_url",),
    length=measures.duration_in_words,
    units=measures.luma_units,
    unit_price=0.03,
    unit="units",
    minutes=4,
)
LUCY_RESTYLE = Endpoint(
    id="decart/lucy-restyle",
    title="Lucy Restyle",
    input=inputs.LUCY_RESTYLE,
    limits=limits.LUCY_RESTYLE,
    units=measures.source_seconds,
    unit_price=0.01,
    minutes=1,
)
LUCY_EDIT_PRO = Endpoint(
    id="decart/lucy-edit/pro",
    title="Lucy Edit Pro",
    input=inputs.LUCY_EDIT_PRO,
    unit_price=0.15,
    minutes=1,
)
"""An endpoint that the app doesn't know."""

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
        LUCY_EDIT_PRO,
    )
}
