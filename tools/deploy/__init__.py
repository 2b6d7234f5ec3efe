"""Makes and checks deploy/: manifests from one table and from what the services say of themselves."""
