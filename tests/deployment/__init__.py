"""What is deployed: image, compose file, manifests, rules, dashboard, workflows."""
