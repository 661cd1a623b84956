"""The places where the npm package is installed and asked."""
