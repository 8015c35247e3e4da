"""Text that tries everything: HTML, script, images, links, formulas, directives, icons."""

HOSTILE = (
    "<script>window.hacked=1</script> <img src=http://evil.example/a.png onerror=window.hacked=1> "
    "![pic](http://evil.example/b.png) [go](javascript:window.hacked=1) $E=mc^2$ "
    ":red[stop] :material/home: :smile: https://evil.example/c <b>bold</b>"
)
