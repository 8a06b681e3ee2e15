"""Carries events to the ledger, durably. One contract, two brokers: RabbitMQ and the embedded one."""
