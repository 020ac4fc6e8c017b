"""A site with two admins, one of them for editors."""

from django.contrib import admin
from django.urls import path

from sora_remix.admin import RemixAdmin, RemixBatchAdmin, VideoAdmin
from sora_remix.models import Remix, RemixBatch, Video

editors = admin.AdminSite("editors")
editors.register(Video, VideoAdmin)
editors.register(RemixBatch, RemixBatchAdmin)
editors.register(Remix, RemixAdmin)

urlpatterns = [path("admin/", admin.site.urls), path("editors/", editors.urls)]
