# Streams of a Millrace server with Terraform's or OpenTofu's provider for AWS:
#   MILLRACE=http://127.0.0.1:4567 && terraform init && terraform apply -var endpoint="$MILLRACE"

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "endpoint" {
  description = "Address of the server"
  type        = string
  default     = "http://127.0.0.1:4567"
}

provider "aws" {
  region     = "us-east-1"
  access_key = "test"
  secret_key = "test"

  # Millrace has Kinesis alone: nothing of the provider may ask another service.
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    kinesis = var.endpoint
  }
}

resource "aws_kinesis_stream" "orders" {
  name             = "orders"
  shard_count      = 4
  retention_period = 48

  tags = {
    team = "shop"
  }
}

resource "aws_kinesis_stream_consumer" "billing" {
  name       = "billing"
  stream_arn = aws_kinesis_stream.orders.arn
}

output "arn" {
  value = aws_kinesis_stream.orders.arn
}
