"""The app's URLs come before Wagtail's, which answer everything else."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtail_admin_urls
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.api.v2.views import PagesAPIViewSet
from wagtail.documents import urls as wagtail_documents_urls

from example_project.media_files import serve_parts

api = WagtailAPIRouter("api")
api.register_endpoint("pages", PagesAPIViewSet)

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sora_remix/", include("sora_remix.urls")),
    path("cms/", include(wagtail_admin_urls)),
    path("documents/", include(wagtail_documents_urls)),
    path("api/", api.urls),
    path("media/<path:path>", serve_parts, {"document_root": settings.MEDIA_ROOT}),
    path("", include(wagtail_urls)),
]
