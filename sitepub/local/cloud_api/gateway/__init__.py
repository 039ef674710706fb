"""The entrance of the cloud API: signatures, dispatch to the products, and a record of calls for the tests."""
