"""Scripts that make what the package ships: the sample catalogue and the starter encoder. Not part of the package."""
