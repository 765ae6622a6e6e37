// Starts ReDoc on this server's own description.
Redoc.init("/openapi.json", { hideDownloadButton: false, nativeScrollbars: true }, document.getElementById("docs"));
