"""What every reader of result files must hold."""
