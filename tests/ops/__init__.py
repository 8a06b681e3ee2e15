"""What operators are handed: alerts, their pages, a dashboard."""
