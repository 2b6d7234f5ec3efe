"""Apache Kafka: a broker of our own from its published jars, and the bus driver on aiokafka."""
