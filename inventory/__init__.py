"""What people wrote about their city, checked: inventory.yaml to domain.place.City."""
