"""What calls cost and hits save."""
