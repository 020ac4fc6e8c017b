from django.db import migrations


def fill_root(apps, schema_editor):
    """Note of each result what it was made from in the first place.

    A source is there before its results, so by the order of the results each finds its own filled.
    """
    alias = schema_editor.connection.alias
    Remix = apps.get_model("sora_remix", "Remix")
    Video = apps.get_model("sora_remix", "Video")
    made = Remix.objects.using(alias).exclude(result=None).order_by("result_id")
    roots = {}
    for result, source in made.values_list("result_id", "source_id").iterator():
        roots[result] = roots.get(source, source)
    results = (Video(pk=result, root_id=root) for result, root in roots.items())
    Video.objects.using(alias).bulk_update(results, ["root"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("sora_remix", "0002_approval_captions_and_descent")]

    operations = [migrations.RunPython(fill_root, migrations.RunPython.noop, elidable=True)]
