"""What a corpus costs against its rows, and against the workers that share it."""
