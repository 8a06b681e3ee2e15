"""The ticket sidebar: the page that Zendesk shows beside a ticket, and the API that the page calls."""
