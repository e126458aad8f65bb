"""API Gateway's HTTP APIs. WebSocket APIs, custom domains, VPC links, models, portals and routing
rules are not offered."""
