"""The path of a request: internet, load balancer, container."""
