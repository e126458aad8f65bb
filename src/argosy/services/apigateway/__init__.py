"""API Gateway's REST APIs: an API call changes what is being edited; a deployment makes it serve.

Not offered: private APIs, custom domains, VPC links, client certificates, caches, canaries,
documentation parts, exports and SDKs.
"""
