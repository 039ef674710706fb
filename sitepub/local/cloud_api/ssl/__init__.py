"""SSL Certificates 2019-12-05."""
