// Starts Swagger UI on this server's own description. It asks no outside validator, and remembers the token
// given by *Authorize* over a reload.
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
