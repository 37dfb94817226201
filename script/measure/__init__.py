"""What script/bench is made of: host, server, client, figures, report. Standard library only."""
