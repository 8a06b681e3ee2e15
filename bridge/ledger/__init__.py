"""The durable record: installations, customers, facts, events, attempts, waits and operators' actions."""
