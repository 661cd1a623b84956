"""What an audit looks for, a module a finding."""
