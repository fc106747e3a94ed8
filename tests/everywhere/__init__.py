"""What must hold on every address of the site, whoever asks: each test goes over the whole URL map."""
