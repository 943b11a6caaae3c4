"""What a shop's backend calls, for threads and for asyncio, and the parts that both clients are made of."""
