"""What the actions of each product take, as the cloud publishes it: one file of facts per product, and its reader."""
