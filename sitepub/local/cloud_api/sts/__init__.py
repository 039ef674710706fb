"""Security Token Service 2018-08-13."""
