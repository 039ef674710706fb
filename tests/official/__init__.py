"""The cloud's own published models as judge of every request that sitepub sends and every answer that the embedded
cloud gives."""
